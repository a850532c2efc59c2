import MediaCore
import MediaDatabase

/// Decides on a download.
struct DeliverMedia {
    let context: Context

    /// The file that may be sent.
    ///
    /// - Throws: 404 where there is none, as far as the caller may know.
    func run(_ id: String, _ caller: Caller) throws -> MediaFile {
        let file = try MediaID(id).flatMap { try MediaRepository(context.connection).findFile($0) }
        try Authorize.check(caller, .download(file), id: id)
        guard let file else { throw Problem.mediaNotFound(id) }
        return file
    }
}
