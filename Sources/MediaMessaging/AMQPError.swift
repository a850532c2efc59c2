/// Why a broker can't be used, or not any more. The connection is to be given up after one.
package struct AMQPError: Error, Equatable, CustomStringConvertible {
    package let operation: String
    package let reason: String
    /// The broker's (AMQP 0-9-1 §1.2), such as 404; 0 where it isn't the broker that says so.
    package let code: Int

    package init(operation: String, reason: String, code: Int = 0) {
        self.operation = operation
        self.reason = reason
        self.code = code
    }

    package var description: String { "\(operation): \(reason)" }
}
