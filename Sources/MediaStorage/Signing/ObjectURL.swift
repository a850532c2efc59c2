internal import MediaCore

/// A URL in its parts, of which the path is encoded already and the query is not, as signatures need them.
package struct ObjectURL: Equatable, Sendable {
    package struct Parameter: Equatable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var scheme: String
    /// Host, with its port where that isn't the scheme's.
    package var authority: String
    /// With its first slash, percent-encoded.
    package var path: String
    package var query: [Parameter]

    /// - Parameter base: scheme, host and maybe a path, without a slash at its end; nil where it is none.
    package init?(base: String) {
        guard let colon = base.firstRange(of: "://") else { return nil }
        scheme = base[..<colon.lowerBound].lowercased()
        let rest = base[colon.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<slash].lowercased()
        for (scheme, port) in [("http", ":80"), ("https", ":443")]
        where self.scheme == scheme && authority.hasSuffix(port) {
            authority.removeLast(port.count)
        }
        guard ["http", "https"].contains(scheme), !authority.isEmpty else { return nil }
        self.authority = authority
        path = String(rest[slash...])
        query = []
    }

    /// Goes down by names that are not encoded yet; the slashes in them divide.
    package func appending(_ name: String) -> ObjectURL {
        var url = self
        url.path += "/" + Self.encodedPath(name)
        return url
    }

    package func with(_ parameters: [Parameter]) -> ObjectURL {
        var url = self
        url.query += parameters
        return url
    }

    package var text: String {
        "\(scheme)://\(authority)\(path)\(query.isEmpty ? "" : "?")\(encodedQuery)"
    }

    /// What stands behind the host.
    package var target: String { "\(path)\(query.isEmpty ? "" : "?")\(encodedQuery)" }

    private var encodedQuery: String {
        query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&")
    }

    static func encoded(_ text: String) -> String { PercentEncoding.pathSegment(text) }

    static func encodedPath(_ name: String) -> String {
        name.split(separator: "/", omittingEmptySubsequences: false).map { encoded(String($0)) }.joined(separator: "/")
    }
}
