/// A role of the platform's users.
package enum Role: String, CaseIterable, Sendable {
    case student = "STUDENT"
    case instructor = "INSTRUCTOR"
    case admin = "ADMIN"
}
