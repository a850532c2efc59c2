import MediaCore
import MediaStorage

/// What can be said of an upload before its body is taken in: who sends it, how large it is, whether there is room.
struct CheckUpload {
    let context: Context

    /// - Parameters:
    ///   - length: bytes, where the sender announced them.
    ///   - isReceived: whether the body lies in the store by now, and needs no more room.
    /// - Throws: the `Problem` that the upload would end with.
    func run(_ caller: Caller, length: Int64?, isReceived: Bool = false) throws {
        try Authorize.check(caller, .createMedia, context)
        let configuration = context.environment.configuration
        let limit = Int64(configuration.number(.uploadBytes))
        let length = length ?? 0
        guard length <= limit else { throw Problem.tooLarge("body", limit: limit, "\(length) bytes are too many") }
        let free = try context.environment.storage.freeBytes() - Int64(configuration.number(.storeReserve))
        guard free > 0, isReceived || length <= free else { throw Problem.insufficientStorage }
    }
}
