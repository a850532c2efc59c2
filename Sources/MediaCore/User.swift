/// A person of the platform, as a token names them.
package struct User: Equatable, Sendable {
    private var exactID: ExactText
    package var roles: Set<Role>
    /// What they are enrolled in or teach.
    package var entities: Set<EntityReference>

    package var id: String { exactID.text }

    /// Whether an id is this user's, byte by byte.
    func isNamed(_ id: String) -> Bool { exactID == ExactText(id) }

    package init(id: String, roles: Set<Role> = [], entities: Set<EntityReference> = []) {
        exactID = ExactText(id)
        self.roles = roles
        self.entities = entities
    }
}
