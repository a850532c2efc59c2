import MediaCore

/// What the platform says has happened.
enum RPCEvents {
    /// Of what is new there is nothing to do: files come to belong to it one by one.
    @Sendable static func nothing(_ call: RPCCall) throws -> JSON { .null }

    @Sendable static func courseDeleted(_ call: RPCCall) throws -> JSON { try forget("course", "courseId", call) }

    @Sendable static func lessonDeleted(_ call: RPCCall) throws -> JSON { try forget("lesson", "lessonId", call) }

    @Sendable static func userDeleted(_ call: RPCCall) throws -> JSON { try forget("user", "userId", call) }

    /// - Parameter name: the member that holds the id; others beside it don't matter here.
    private static func forget(_ type: String, _ name: String, _ call: RPCCall) throws -> JSON {
        guard let id = JSON.object(try call.members())[name]?.string else {
            throw Problem.invalid(name, "must be given, as a string")
        }
        if let fault = MediaAttributes.fault(in: id, "entityId") { throw Problem.invalid(name, fault) }
        try ManageEntities(context: call.context).forget(EntityReference(type: type, id: id), call.caller)
        return .null
    }
}
