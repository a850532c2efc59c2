/// The parameters of a query or of a form in `application/x-www-form-urlencoded`.
package struct QueryParameters: Sendable {
    package private(set) var values: [String: String] = [:]

    /// - Parameter allowed: the names that mean something here.
    /// - Throws: 400 for a name that isn't allowed or stands twice, and for text that isn't percent-encoded UTF-8.
    package init(_ query: String, allowed: Set<String>) throws(HTTPError) {
        // By bytes: a delimiter and a combining mark behind it are one Character.
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                .map { Substring($0) }
            guard let name = PercentDecoding.text(halves[0], plusIsSpace: true) else {
                throw .badRequest("query", "a parameter's name isn't percent-encoded UTF-8")
            }
            guard allowed.contains(name) else {
                let known = allowed.sorted().joined(separator: ", ")
                throw .badRequest(
                    String(name.prefix(100)), "unknown parameter\(known.isEmpty ? "" : "; known here: \(known)")")
            }
            guard let value = PercentDecoding.text(halves.count > 1 ? halves[1] : "", plusIsSpace: true) else {
                throw .badRequest(name, "not percent-encoded UTF-8")
            }
            guard values.updateValue(value, forKey: name) == nil else { throw .badRequest(name, "stands twice") }
        }
    }

    package subscript(name: String) -> String? { values[name] }
}
