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
        // Whose file it is to be and what it is to belong to may stand in the body: asked again when that is known.
        let ownerID = if case .user(let user) = caller { user.id } else { "" }
        try Authorize.check(caller, .create(ownerID: ownerID, entity: nil))
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
