/// The parameters of a query or of a form in `application/x-www-form-urlencoded`.
package struct QueryParameters: Sendable {
    package private(set) var values: [String: String] = [:]

    /// - Parameter allowed: the names that mean something here.
    /// - Throws: 400 for a name that isn't allowed or stands twice, and for text that isn't percent-encoded UTF-8.
    package init(_ query: String, allowed: Set<String>) throws(HTTPError) {
        // By bytes: a delimiter and a combining mark behind it are one Character.
        let bytes = query.utf8.span
        var start = 0
        for end in 0...bytes.count where end == bytes.count || bytes[end] == UInt8(ascii: "&") {
            if start < end { try add(bytes.extracting(start..<end), allowed) }
            start = end + 1
        }
    }

    private mutating func add(_ pair: Span<UInt8>, _ allowed: Set<String>) throws(HTTPError) {
        var middle = 0
        while middle < pair.count, pair[middle] != UInt8(ascii: "=") { middle += 1 }
        guard let name = PercentDecoding.text(pair.extracting(..<middle), plusIsSpace: true) else {
            throw .badRequest("query", "a parameter's name isn't percent-encoded UTF-8")
        }
        guard allowed.contains(name) else {
            let known = allowed.sorted().joined(separator: ", ")
            throw .badRequest(
                String(name.prefix(100)), "unknown parameter\(known.isEmpty ? "" : "; known here: \(known)")")
        }
        let rest = pair.extracting(min(middle + 1, pair.count)...)
        guard let value = PercentDecoding.text(rest, plusIsSpace: true) else {
            throw .badRequest(name, "not percent-encoded UTF-8")
        }
        guard values.updateValue(value, forKey: name) == nil else { throw .badRequest(name, "stands twice") }
    }

    package subscript(name: String) -> String? { values[name] }
}
