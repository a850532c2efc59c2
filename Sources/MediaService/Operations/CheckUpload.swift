import MediaCore
import MediaStorage

/// What can be said of an upload before its body is taken in: who sends it, how large it is, whether there is room.
struct CheckUpload {
    let context: Context

    /// - Parameters:
    ///   - length: bytes, where the sender announced them.
    ///   - isReceived: whether the body lies in the store by now, and needs no more room.
    ///   - isRepeatable: whether it may be one that was carried out already, and then needs no more of the quota.
    /// - Throws: the `Problem` that the upload would end with.
    func run(_ caller: Caller, length: Int64?, isReceived: Bool = false, isRepeatable: Bool = false) throws {
        // Whose file it is to be and what it is to belong to may stand in the body: asked again when that is known.
        let ownerID = caller.uploadsFor ?? ""
        try Authorize.check(caller, .create(ownerID: ownerID, entity: nil))
        try checkSize(length, isReceived: isReceived)
        try caller.grant?.check(size: length ?? 0, "body")
        if !ownerID.isEmpty, !isRepeatable {
            let usage = Usage(bytes: length ?? 0, files: 1)
            try CountUsage(environment: context.environment).check(usage, of: ownerID, context.connection)
        }
    }

    /// The same of a file that is to replace a record's.
    func replace(_ id: String, _ caller: Caller, length: Int64?, isReceived: Bool = false) throws {
        let media = try ReadMedia(context: context).find(id, caller, to: .replaceFile)
        try checkSize(length, isReceived: isReceived)
        let usage = Usage(bytes: length ?? 0)
        try CountUsage(environment: context.environment).check(usage, of: media.userID, context.connection)
    }

    private func checkSize(_ length: Int64?, isReceived: Bool) throws {
        let configuration = context.environment.configuration
        let limit = Int64(configuration.number(.uploadBytes))
        let length = length ?? 0
        guard length <= limit else { throw Problem.tooLarge("body", limit: limit, "\(length) bytes are too many") }
        try requireRoom(isReceived ? 0 : length)
    }

    /// - Throws: 507 where `length` more bytes would leave less free than is to stay free. Bodies that other requests are
    ///   still sending don't count: their end isn't known before they come to it.
    func requireRoom(_ length: Int64) throws {
        let reserve = Int64(context.environment.configuration.number(.storeReserve))
        let free = try context.environment.storage.freeBytes() - reserve
        guard free > 0, length <= free else { throw Problem.insufficientStorage }
    }
}

extension Caller {
    /// Whose files this caller uploads; nil where that has to be said.
    var uploadsFor: String? {
        switch self {
        case .user(let user): user.id
        case .uploader(let grant): grant.userID
        default: nil
        }
    }
}

extension Caller {
    /// What limits this caller's uploads, beside what limits everybody's.
    var grant: UploadGrant? { if case .uploader(let grant) = self { grant } else { nil } }
}

extension UploadGrant {
    /// - Parameter field: how messages name the file.
    func check(size: Int64, _ field: String) throws(Problem) {
        guard let maxBytes, size > maxBytes else { return }
        throw .tooLarge(field, limit: maxBytes, "\(size) bytes are more than the upload token allows")
    }

    func check(_ type: FileType, _ field: String) throws(Problem) {
        guard let types, let list = TypeAllowList(types), !list.allows(type) else { return }
        throw .unsupportedType(field, "files of type \(type.mimeType) are not what the upload token allows")
    }
}
