/// Who may do what: the only place with such a rule.
package enum AccessPolicy {
    /// What a caller asks to do. Actions on a record carry it, or nil where there is none: whether a record exists is
    /// part of the decision, so that an answer can't be used to find out.
    package enum Action: Sendable {
        case listMedia
        case readRecord
        case createMedia
        case updateRecord
        case deleteRecord
        /// To get the bytes.
        case download(MediaFile?)
    }

    package enum Decision: Equatable, Sendable {
        case allowed(Reason)
        case refused(Refusal)
    }

    /// Why an action is allowed.
    package enum Reason: String, Sendable {
        case publicFile = "public_file"
        case scope
    }

    package enum Refusal: Equatable, Sendable {
        /// Nobody is known to call, and somebody has to be.
        case unauthenticated
        /// The caller is known and lacks this scope.
        case missingScope(Scope)
        /// There is no such file, as far as this caller may know.
        case notFound
    }

    /// The decision on one action.
    package static func decide(_ caller: Caller, _ action: Action) -> Decision {
        switch action {
        case .listMedia, .readRecord: require(.read, caller)
        case .createMedia, .updateRecord: require(.write, caller)
        case .deleteRecord: require(.delete, caller)
        case .download(let file): download(file, caller)
        }
    }

    private static func require(_ scope: Scope, _ caller: Caller) -> Decision {
        switch caller {
        case .anonymous: .refused(.unauthenticated)
        case .service(_, let scopes): scopes.contains(scope) ? .allowed(.scope) : .refused(.missingScope(scope))
        }
    }

    private static func download(_ file: MediaFile?, _ caller: Caller) -> Decision {
        if let file, file.isPublished { return .allowed(.publicFile) }
        switch caller {
        case .anonymous: return .refused(.notFound)
        case .service(_, let scopes):
            guard scopes.contains(.read) else { return .refused(.missingScope(.read)) }
            return file?.status == .ready ? .allowed(.scope) : .refused(.notFound)
        }
    }
}
