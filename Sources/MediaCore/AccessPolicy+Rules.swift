extension AccessPolicy {
    // MARK: Downloads

    static func download(_ caller: Caller, _ facts: Facts?, _ link: LinkState) -> Decision {
        if let facts, facts.isPublished { return .allowed(.publicFile) }
        switch standing(of: caller, towards: facts, scope: .read) {
        case .allowed(let reason):
            guard let facts, facts.status != .deleted else { return .refused(.notFound) }
            return facts.status == .ready ? .allowed(reason) : .refused(.notReady(facts.status))
        case .refused(let refusal):
            guard let facts, facts.status == .ready else { return .refused(refusal) }
            switch link {
            case .none: return .refused(refusal)
            case .valid: return .allowed(.link)
            case .refused(let fault): return .refused(.link(fault))
            }
        }
    }

    // MARK: Records

    static func act(_ caller: Caller, _ action: RecordAction, _ facts: Facts?) -> Decision {
        // Whatever the record: who calls has to be known.
        if caller == .anonymous { return .refused(.unauthenticated) }
        if case .uploader = caller { return .refused(.forbidden(.uploadOnly)) }
        let standing = standing(of: caller, towards: facts, scope: action.scope)
        guard case .allowed(let reason) = standing else { return standing }
        guard let facts, action.isPossible(on: facts.status) else { return .refused(.notFound) }
        // Services and administrators act on every record.
        guard case .user(let user) = caller, reason != .admin else { return standing }
        switch action {
        case .read: return standing
        case .destroy: return .refused(.forbidden(.administratorOnly))
        case .attach(let entity):
            guard reason == .owner else { return .refused(.forbidden(.ownerOnly)) }
            return attach(user, entity) ?? standing
        case .update, .listReferences, .listVersions, .replaceFile, .delete, .restore, .manageLinks:
            return reason == .owner ? standing : .refused(.forbidden(.ownerOnly))
        }
    }

    /// Why a caller may know of a record, or the refusal.
    private static func standing(of caller: Caller, towards facts: Facts?, scope: Scope) -> Decision {
        switch caller {
        case .anonymous: return .refused(.notFound)
        case .uploader: return .refused(.notFound)
        case .service(_, let scopes):
            return scopes.contains(scope) ? .allowed(.scope) : .refused(.missingScope(scope))
        case .operator: return .allowed(.admin)
        case .user(let user):
            if user.roles.contains(.admin) { return .allowed(.admin) }
            guard let facts else { return .refused(.notFound) }
            if user.isNamed(facts.ownerID) { return .allowed(.owner) }
            if facts.isPublished { return .allowed(.publicFile) }
            let sharesEntity = !facts.entities.isDisjoint(with: user.entities)
            return sharesEntity && facts.status == .ready ? .allowed(.entity) : .refused(.notFound)
        }
    }

    // MARK: Lists and uploads

    static func list(_ caller: Caller, _ listing: Listing) -> Decision {
        switch caller {
        case .anonymous: return .refused(.unauthenticated)
        case .uploader: return .refused(.forbidden(.uploadOnly))
        case .service(_, let scopes):
            return scopes.contains(.read) ? .allowed(.scope) : .refused(.missingScope(.read))
        case .operator: return .allowed(.admin)
        case .user(let user):
            if user.roles.contains(.admin) { return .allowed(.admin) }
            switch listing {
            case .user(let id) where user.isNamed(id): return .allowed(.own)
            case .entity(let entity) where user.entities.contains(entity): return .allowed(.entity)
            default: return .refused(.forbidden(.ownListOnly))
            }
        }
    }

    static func create(_ caller: Caller, _ ownerID: String, _ entity: EntityReference?) -> Decision {
        switch caller {
        case .anonymous: return .refused(.unauthenticated)
        case .uploader(let grant):
            let isGranted = ExactText(grant.userID) == ExactText(ownerID) && (entity == nil || entity == grant.entity)
            return isGranted ? .allowed(.uploadToken) : .refused(.forbidden(.uploadOnly))
        case .service(_, let scopes):
            return scopes.contains(.write) ? .allowed(.scope) : .refused(.missingScope(.write))
        case .operator: return .allowed(.admin)
        case .user(let user):
            if user.roles.contains(.admin) { return .allowed(.admin) }
            guard user.isNamed(ownerID) else { return .refused(.forbidden(.ownFilesOnly)) }
            return entity.flatMap { attach(user, $0) } ?? .allowed(.owner)
        }
    }

    static func actForPlatform(_ caller: Caller, _ scope: Scope) -> Decision {
        switch caller {
        case .anonymous: .refused(.unauthenticated)
        case .uploader: .refused(.forbidden(.uploadOnly))
        case .service(_, let scopes): scopes.contains(scope) ? .allowed(.scope) : .refused(.missingScope(scope))
        case .operator: .allowed(.admin)
        case .user(let user):
            user.roles.contains(.admin) ? .allowed(.admin) : .refused(.forbidden(.administratorOnly))
        }
    }

    /// The refusal to make a file belong to an entity, or nil.
    private static func attach(_ user: User, _ entity: EntityReference) -> Decision? {
        user.roles.contains(.instructor) && user.entities.contains(entity)
            ? nil : .refused(.forbidden(.entityOfInstructor))
    }
}

extension AccessPolicy.RecordAction {
    /// What a service needs.
    fileprivate var scope: Scope {
        switch self {
        case .read, .listReferences, .listVersions: .read
        case .update, .attach, .replaceFile, .restore: .write
        case .delete, .destroy: .delete
        case .manageLinks: .sign
        }
    }

    /// Whether it makes sense on a record in this state. A deleted record is there for those who bring it back or
    /// remove it only.
    fileprivate func isPossible(on status: MediaStatus) -> Bool {
        switch self {
        case .read, .update, .attach, .listReferences, .listVersions, .replaceFile, .delete, .manageLinks:
            status != .deleted
        case .restore: status == .deleted
        case .destroy: true
        }
    }
}
