/// A person of the platform, as a token names them.
package struct User: Equatable, Sendable {
    package var id: String
    package var roles: Set<Role>
    /// What they are enrolled in or teach.
    package var entities: Set<EntityReference>

    package init(id: String, roles: Set<Role> = [], entities: Set<EntityReference> = []) {
        self.id = id
        self.roles = roles
        self.entities = entities
    }
}
