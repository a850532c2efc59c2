import MediaTesting

/// The instance of the tests that leave it as it was; each of them works with a user of its own.
enum SharedInstance {
    private static let result = Result {
        let instance = try ServiceInstance()
        return (instance, try instance.client())
    }

    static func instance() throws -> ServiceInstance { try result.get().0 }

    /// A client with a key that may do everything.
    static func client() throws -> HTTPClient { try result.get().1 }
}
