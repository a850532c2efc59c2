internal import MediaCore

/// Where a broker is and how it is entered: what an `amqp:` or `amqps:` URL says.
package struct AMQPAddress: Equatable, Sendable {
    package var host: String
    package var port: Int
    package var usesTLS: Bool
    package var user: String
    package var password: String
    package var virtualHost: String
    /// PEM file of the authority that has to vouch for the broker's certificate; nil: those of the system.
    package var authority: String?

    /// - Returns: nil for what is no such URL.
    package init?(_ url: String) {
        guard let scheme = ["amqp://", "amqps://"].first(where: url.hasPrefix) else { return nil }
        usesTLS = scheme == "amqps://"
        var rest = url.dropFirst(scheme.count)
        if let end = rest.firstIndex(where: { $0 == "?" || $0 == "#" }) { rest = rest[..<end] }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<slash]
        let path = rest[slash...].dropFirst()
        // Without one it is '/', which a URL writes as '%2F'.
        guard let virtualHost = slash == rest.endIndex || path.isEmpty ? "/" : Self.decoded(path) else { return nil }
        self.virtualHost = virtualHost
        (user, password) = ("guest", "guest")
        if let at = authority.lastIndex(of: "@") {
            let halves = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(halves[0]), let secret = halves.count > 1 ? Self.decoded(halves[1]) : ""
            else {
                return nil
            }
            (user, password) = (name, secret)
            authority = authority[authority.index(after: at)...]
        }
        var portText: Substring?
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            let tail = authority[authority.index(after: end)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { return nil }
            portText = tail.isEmpty ? nil : tail.dropFirst()
        } else {
            let halves = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = halves.first.map(String.init) ?? ""
            portText = halves.count > 1 ? halves[1] : nil
        }
        guard !host.isEmpty else { return nil }
        port = usesTLS ? 5671 : 5672
        if let portText {
            guard let number = Int(portText), (1...65535).contains(number) else { return nil }
            port = number
        }
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let high = Hex.value(of: rest[rest.startIndex]),
                let low = Hex.value(of: rest[rest.startIndex + 1])
            else { return nil }
            bytes.append(high << 4 | low)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
