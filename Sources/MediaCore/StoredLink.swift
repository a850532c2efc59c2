/// What is stored of a signed link and of its key, beside what its URL says.
package struct StoredLink: Equatable, Sendable {
    /// What the link's signature covers.
    package var epoch: Int64
    /// Which secret the link's key is derived from.
    package var fingerprint: [UInt8]
    /// The link itself, its key or all links of its file.
    package var isRevoked: Bool
    package var isUsedUp: Bool

    package init(epoch: Int64, fingerprint: [UInt8], isRevoked: Bool, isUsedUp: Bool) {
        self.epoch = epoch
        self.fingerprint = fingerprint
        self.isRevoked = isRevoked
        self.isUsedUp = isUsedUp
    }
}
