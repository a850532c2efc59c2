/// A message as a broker has delivered it.
package struct AMQPMessage: Sendable {
    /// What it is acknowledged by.
    package var tag: UInt64
    /// Whether it was delivered before and not acknowledged.
    package var isRedelivered: Bool
    /// Where an answer goes; empty where none is wanted.
    package var replyTo: [UInt8]
    package var correlationID: [UInt8]
    package var body: [UInt8]
    /// Bytes that the body has; more than `body` holds where it was too long.
    package var size: UInt64
}
