/// What a path had where its route's pattern has parameters.
package struct PathParameters: Sendable {
    let values: [(name: String, value: String)]

    /// The value of a parameter that a route's pattern may have.
    package func optional(_ name: String) -> String? { values.first { $0.name == name }?.value }

    /// The value of a parameter that the route's pattern names.
    package subscript(name: String) -> String {
        guard let value = optional(name) else {
            preconditionFailure("the route has no parameter '\(name)'")
        }
        return value
    }
}
