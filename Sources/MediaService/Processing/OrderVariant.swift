import Crypto
import MediaCore
import MediaDatabase
import MediaProcessing

/// Has a picture made in a size of its caller's own, beside those of the presets: once, however often and by whomever it is asked for.
struct OrderVariant {
    /// What begins the names of such ones: what is made anew leaves them, since pages name them.
    static let prefix = "x-"

    let context: Context

    /// - Parameter form: as a preset's, without its name.
    /// - Returns: the record, the name, and whether it is there.
    /// - Throws: 400; 404; 409 for what is no picture that is READY, or has too many.
    func run(_ form: String, of id: String, _ caller: Caller) throws -> (media: Media, name: String, isMade: Bool) {
        guard var preset = ImagePreset(name: "x", form: form) else {
            throw Problem.invalid("preset", "must be like 640, 640x480, 640x480:cover:smart:q70 or 640x480:pad")
        }
        preset.name = Self.name(preset)
        let known = try ReadMedia(context: context).find(id, caller, to: .replaceFile)
        let limit = context.environment.configuration.number(.imageOrders)
        return try context.connection.transaction { connection in
            let found = try MediaRepository(connection).findForUpdate(known.id)
            try Authorize.check(caller, .replaceFile, on: found, id: id, connection)
            guard let media = found else { throw Problem.mediaNotFound(id) }
            guard media.status == .ready else { throw Problem.notReady(media.status) }
            guard ImageOrder.readTypes.contains(media.mimeType), media.sha256 != nil else {
                throw Problem(.wrongStatus, "Pictures are made of pictures only.")
            }
            if media.variants.contains(where: { $0.name == preset.name }) { return (media, preset.name, true) }
            let waiting = try JobQueue(connection).jobs(of: media.id).filter { !$0.isEnded }.compactMap {
                $0.payload["preset"]?.string
            }
            let order = "\(preset.name)=\(preset.form)"
            if !waiting.contains(order) {
                let names = Set(media.variants.map(\.name).filter { $0.hasPrefix(Self.prefix) } + waiting)
                guard names.count < limit else {
                    throw Problem(
                        .wrongStatus, "The picture has \(names.count) sizes of its own; \(limit) are the limit.")
                }
                // Somebody waits for it.
                try PlanProcessing(context: context).addJob(media, preset: order, priority: -50, connection)
            }
            return (media, preset.name, false)
        }
    }

    /// The same for the same picture.
    private static func name(_ preset: ImagePreset) -> String {
        prefix + Hex.encode(Array(SHA256.hash(data: Array(preset.form.utf8)).prefix(6)))
    }
}
