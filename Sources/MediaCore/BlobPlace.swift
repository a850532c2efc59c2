/// Where a content lies.
package struct BlobPlace: Hashable, Sendable {
    /// The store's name.
    package var store: String
    /// What tells it from others with this content there; empty in the store that the service works in, which has one of each.
    package var token: String

    package init(store: String, token: String) {
        self.store = store
        self.token = token
    }

    /// In the store that the service works in.
    package static let local = BlobPlace(store: "local", token: "")

    package var isLocal: Bool { self == .local }
}
