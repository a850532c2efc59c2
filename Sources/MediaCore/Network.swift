/// A range of IP addresses, such as `192.0.2.0/24` or `2001:db8::/32` (RFC 4632, RFC 4291 §2.3).
package struct Network: Equatable, Sendable {
    /// 4 or 16 bytes, those behind the prefix zero.
    private let address: [UInt8]
    /// Bits.
    private let prefix: Int

    /// - Parameter text: an address, with or without `/` and the prefix's length; nil where it is none, or where bits
    ///   behind the prefix are set.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = Self.bytes(of: String(parts[0])) else { return nil }
        var prefix = address.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(parts[1]), number <= prefix
            else { return nil }
            prefix = number
        }
        self.prefix = prefix
        self.address = address
        guard Self.masked(address, prefix) == address else { return nil }
    }

    package func contains(_ text: String) -> Bool {
        guard let other = Self.bytes(of: text), other.count == address.count else { return false }
        return Self.masked(other, prefix) == address
    }

    private static func masked(_ bytes: [UInt8], _ prefix: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let bits = min(max(prefix - index * 8, 0), 8)
            return byte & UInt8(truncatingIfNeeded: 0xFF00 >> bits)
        }
    }

    /// An address' bytes; an IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is that IPv4 address.
    private static func bytes(of text: String) -> [UInt8]? {
        guard text.utf8.contains(UInt8(ascii: ":")) else { return bytesOfIPv4(text[...]) }
        guard let bytes = bytesOfIPv6(text) else { return nil }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes.suffix(4)) : bytes
    }

    private static func bytesOfIPv4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            // No leading zeros: to some they mean octal.
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part == "0" || !part.hasPrefix("0"), let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func bytesOfIPv6(_ text: String) -> [UInt8]? {
        guard !text.hasPrefix(":") || text.hasPrefix("::"), !text.hasSuffix(":") || text.hasSuffix("::") else {
            return nil
        }
        var halves: [[UInt8]] = [[]]
        var groups = text.split(separator: ":", omittingEmptySubsequences: false)[...]
        // A colon at an end is there as part of two.
        if text.hasPrefix("::") { groups.removeFirst() }
        if text.hasSuffix("::"), groups.count > 1 { groups.removeLast() }
        for (index, group) in groups.enumerated() {
            if group.isEmpty {
                guard halves.count == 1 else { return nil }
                halves.append([])
            } else if group.contains(".") {
                guard index == groups.count - 1, let bytes = bytesOfIPv4(group) else { return nil }
                halves[halves.count - 1] += bytes
            } else {
                guard group.utf8.count <= 4, group.utf8.allSatisfy({ Hex.value(of: $0) != nil }),
                    let value = UInt16(group, radix: 16)
                else { return nil }
                halves[halves.count - 1] += [UInt8(value >> 8), UInt8(value & 0xFF)]
            }
        }
        let count = halves.reduce(0) { $0 + $1.count }
        if halves.count == 1 { return count == 16 ? halves[0] : nil }
        guard count <= 14 else { return nil }
        return halves[0] + [UInt8](repeating: 0, count: 16 - count) + halves[1]
    }
}
