/// Who holds a lease.
package struct LeaseHolder: Equatable, Sendable {
    /// Random, 16 bytes.
    package var token: [UInt8]
    /// Its process, in a form by which others can tell whether it has ended.
    package var process: String

    package init(token: [UInt8], process: String) {
        self.token = token
        self.process = process
    }
}
