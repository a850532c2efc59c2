/// The descriptors that a worker finds open when it starts.
enum InheritedDescriptor {
    static let apiSocket: Int32 = 3
    static let uploadSocket: Int32 = 4
    static let metrics: Int32 = 5
    /// The worker writes a byte here once it serves.
    static let readiness: Int32 = 6
    static let streamSocket: Int32 = 7
}
