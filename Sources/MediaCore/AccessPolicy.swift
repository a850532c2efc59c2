/// Who may do what: the only place with such a rule.
package enum AccessPolicy {
    /// What of a record a decision depends on.
    package struct Facts: Equatable, Sendable {
        private var exactOwnerID: ExactText
        package var isPublic: Bool
        package var status: MediaStatus
        /// All that the file belongs to; needed only where `dependsOnEntities` says so.
        package var entities: Set<EntityReference>

        package init(ownerID: String, isPublic: Bool, status: MediaStatus, entities: Set<EntityReference> = []) {
            exactOwnerID = ExactText(ownerID)
            self.isPublic = isPublic
            self.status = status
            self.entities = entities
        }

        package var ownerID: String { exactOwnerID.text }

        /// Whether everybody may have the file.
        var isPublished: Bool { isPublic && status == .ready }
    }

    /// What a caller asks to do.
    ///
    /// Whether a record exists is part of a decision on it, so that an answer can't be used to find out.
    package enum Action: Sendable {
        case list(Listing)
        case create(ownerID: String, entity: EntityReference?)
        case act(RecordAction, Facts?)
        /// To get the bytes.
        case download(Facts?, LinkState)
        case readUsage(userID: String)
        /// What the platform itself does, and nobody for themselves: something with all files of an entity, or a record that
        /// points outside.
        case actForPlatform(Scope)
    }

    /// Which records a list has.
    package enum Listing: Equatable, Sendable {
        case all
        case user(String)
        case entity(EntityReference)
    }

    package enum RecordAction: Equatable, Sendable {
        case read
        case update
        /// To make the file belong to an entity, where those who have that entity see it.
        case attach(EntityReference)
        /// To see what the file belongs to.
        case listReferences
        /// To see which files the record has had.
        case listVersions
        /// To put other bytes into the record.
        case replaceFile
        case delete
        case restore
        /// To remove record and bytes for good.
        case destroy
        case manageLinks
    }

    /// What a request's signed link says.
    package enum LinkState: Equatable, Sendable {
        /// There is none, or one that this service hasn't made.
        case none
        case valid
        /// This service has made it, and it doesn't hold.
        case refused(LinkFault)
    }

    package enum Decision: Equatable, Sendable {
        case allowed(Reason)
        case refused(Refusal)
    }

    /// Why an action is allowed.
    package enum Reason: String, Sendable {
        case publicFile = "public_file"
        case scope
        case admin
        case owner
        case uploadToken = "upload_token"
        /// A list of what is the caller's own.
        case own
        case entity
        case link
    }

    package enum Refusal: Equatable, Sendable {
        /// Nobody is known to call, and somebody has to be.
        case unauthenticated
        /// The service is known and lacks this scope.
        case missingScope(Scope)
        /// The user is known and may know of the record, but not do this.
        case forbidden(Rule)
        /// There is no such file, as far as this caller may know.
        case notFound
        /// The caller may have the file, and it isn't READY.
        case notReady(MediaStatus)
        case link(LinkFault)

        /// For logs.
        package var text: String {
            switch self {
            case .unauthenticated: "nobody is known to call"
            case .missingScope(let scope): "lacks the scope \(scope.rawValue)"
            case .forbidden(let rule): rule.rawValue
            case .notFound: "not there for this caller"
            case .notReady(let status): "is \(status.rawValue)"
            case .link(let fault): fault.rawValue
            }
        }
    }

    /// A rule that a user's request breaks.
    package enum Rule: String, Equatable, Sendable {
        case ownerOnly = "Only the file's owner and administrators may do this."
        case administratorOnly = "Only administrators and the platform's services may do this."
        case ownFilesOnly = "Users may only upload files of their own."
        case uploadOnly = "An upload token is good for uploads only, of its user and for its entity."
        case ownListOnly = "Users may only list files of their own and of entities in their token."
        case entityOfInstructor = "Only instructors whose token names the entity may make files belong to it."
    }

    /// Whether a decision on a record depends on its entities; where it doesn't, they need not be looked up.
    ///
    /// - Parameter ownerID: nil where there is no record. Its entities are looked up all the same: how long an answer takes must
    ///   not tell that a record isn't there from that it isn't the caller's.
    package static func dependsOnEntities(_ caller: Caller, ownerID: String?) -> Bool {
        guard case .user(let user) = caller else { return false }
        return !user.roles.contains(.admin) && !user.entities.isEmpty && !(ownerID.map(user.isNamed) ?? false)
    }

    /// The decision on one action.
    package static func decide(_ caller: Caller, _ action: Action) -> Decision {
        switch action {
        case .download(let facts, let link): download(caller, facts, link)
        case .act(let action, let facts): act(caller, action, facts)
        case .list(let listing): list(caller, listing)
        case .create(let ownerID, let entity): create(caller, ownerID, entity)
        case .readUsage(let userID): list(caller, .user(userID))
        case .actForPlatform(let scope): actForPlatform(caller, scope)
        }
    }
}
