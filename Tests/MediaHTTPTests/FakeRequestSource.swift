import MediaHTTP

/// A request that a test writes down.
final class FakeRequestSource: RequestSource {
    private let parameters: [String: String]
    private var rest: ArraySlice<UInt8>
    /// What `readBody` was asked for.
    private(set) var limits: [Int] = []

    init(_ parameters: [String: String], body: [UInt8] = []) {
        self.parameters = parameters
        rest = body[...]
    }

    func parameter(_ name: StaticString) -> String? { parameters["\(name)"] }

    func readBody(limit: Int) -> [UInt8] {
        limits.append(limit)
        defer { rest = rest.dropFirst(limit) }
        return Array(rest.prefix(limit))
    }

    func readBody(into buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }

    var descriptor: Int32 { -1 }
}
