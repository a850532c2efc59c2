/// What a path had where its route's pattern has parameters.
package struct PathParameters: Sendable {
    let values: [(name: String, value: String)]

    /// The value of a parameter that the route's pattern names.
    package subscript(name: String) -> String {
        guard let value = values.first(where: { $0.name == name })?.value else {
            preconditionFailure("the route has no parameter '\(name)'")
        }
        return value
    }
}
