import MediaCore
import MediaMessaging
import MediaProcessing

/// The form a setting's value has.
package enum SettingForm: Sendable {
    case text
    /// Letters, digits and `_`.
    case name
    /// Secrets of at least 32 characters, with commas.
    case secrets
    /// An absolute path, of characters that nginx's configuration holds without quoting.
    case path
    /// `http` or `https`, no slash at the end.
    case url
    /// `amqp` or `amqps`.
    case brokerURL
    /// A host's name or address and a port.
    case endpoint
    /// Hosts' names or addresses, with commas, each of which may have a port.
    case hosts
    /// The path of a socket, or what an endpoint is.
    case scanner
    /// Names with whole numbers, such as `a=1,b=2`.
    case arguments
    case integer(ClosedRange<Int64>)
    /// A number of bytes, also with `K`, `M`, `G` or `T` (powers of 1024).
    case bytes(ClosedRange<Int64>)
    /// A number of seconds, also with `s`, `m`, `h` or `d`.
    case seconds(ClosedRange<Int64>)
    case choice([String])
    /// What `TypeAllowList` reads.
    case types
    /// IP networks, with commas.
    case networks
    /// IP addresses with commas, each of which may have a port.
    case nameServers
    /// What `ImagePreset` reads, with commas.
    case presets
    /// Names with those of presets, such as `photo=thumb+large`, with commas.
    case profiles
    /// Some of these, with commas.
    case words([String])
    /// Origins of pages, with commas, or `*`.
    case origins
    /// The name of an HTTP header field, of letters, digits and `-`.
    case fieldName

    /// The form in words, for messages and tables.
    package var description: String {
        switch self {
        case .text: "text"
        case .name: "letters, digits and '_'"
        case .secrets: "secrets of at least 32 characters, with commas"
        case .path: "an absolute path without spaces and special characters"
        case .url: "a URL with http or https and no slash at its end"
        case .brokerURL: "a URL such as amqps://user:password@host:5671/vhost"
        case .endpoint: "a host and a port such as 127.0.0.1:4000"
        case .hosts: "names or addresses of hosts, also with a port such as db1:3306 or [::1]:3306, with commas"
        case .scanner: "a socket's path such as /run/clamav/clamd.ctl, or a host and a port such as 127.0.0.1:3310"
        case .arguments: "names with whole numbers such as a=1,b=2"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .bytes(let range):
            "bytes, also with K, M, G or T, from \(Self.short(range.lowerBound)) to \(Self.short(range.upperBound))"
        case .seconds(let range): "seconds, also with s, m, h or d, from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let words): words.joined(separator: ", ")
        case .origins: "origins such as https://learn.example.org, with commas, or *"
        case .networks: "IP addresses and networks such as 192.0.2.0/24, with commas"
        case .nameServers: "IP addresses, also with a port such as 127.0.0.1:5353 or [::1]:5353, with commas"
        case .presets:
            "NAME=WIDTH or NAME=WIDTHxHEIGHT, also with :cover or :pad, a gravity, :qNUMBER and :watermark, with commas; each name once, and none that something else has, such as poster, video or 240p"
        case .profiles: "names with those of presets such as photo=thumb+large, with commas"
        case .words(let words): "some of \(words.joined(separator: ", ")), with commas"
        case .fieldName: "letters, digits and '-'"
        case .types: "kinds (\(MediaType.allCases.map(\.rawValue).joined(separator: ", "))) and types, with commas"
        }
    }

    /// Whether `text` has the form.
    package func accepts(_ text: String) -> Bool {
        switch self {
        case .text: !text.isEmpty && !text.utf8.contains { $0 < 0x20 }
        case .name: !text.isEmpty && text.utf8.allSatisfy { Self.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
        case .secrets:
            !text.isEmpty
                && text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { secret in
                    secret.utf8.count >= 32 && secret.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                }
        case .path: text.hasPrefix("/") && !text.utf8.contains { $0 <= 0x20 || "\"';{}$#\\".utf8.contains($0) }
        case .url: Self.isURL(text)
        case .brokerURL: AMQPAddress(text) != nil
        case .endpoint: Self.endpoint(text) != nil
        case .hosts:
            text.split(separator: ",", omittingEmptySubsequences: false).map(String.init).allSatisfy { host in
                !host.isEmpty && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                    && (!host.contains(":") || Self.endpoint(host) != nil || Network(host) != nil)
            }
        case .scanner: Self.path.accepts(text) || Self.endpoint(text) != nil
        case .arguments: Self.arguments(text) != nil
        case .integer, .bytes, .seconds: number(text) != nil
        case .choice(let words): words.contains(text)
        case .types: TypeAllowList(text) != nil
        case .origins:
            text == "*"
                || text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { origin in
                    Self.isURL(String(origin)) && origin.split(separator: "/").count == 2
                        && !origin.utf8.contains { "?#$;'()".utf8.contains($0) }
                }
        case .networks:
            text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { Network(String($0)) != nil }
        case .nameServers:
            text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy {
                Self.nameServer(String($0)) != nil
            }
        case .presets:
            Self.presets(text) != nil
        case .profiles: Self.profiles(text) != nil
        case .words(let words):
            text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { words.contains(String($0)) }
        case .fieldName: !text.isEmpty && text.utf8.allSatisfy { Self.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// Host and port, of which an address of IPv6 has brackets.
    static func endpoint(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65535).contains(port)
        else { return nil }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        guard !host.isEmpty, isBracketed || !host.contains(":") else { return nil }
        return (isBracketed ? String(host.dropFirst().dropLast()) : String(host), port)
    }

    /// An address, with or without a port, as nginx's `resolver` takes it.
    static func nameServer(_ text: String) -> String? {
        let isBare = !text.contains("/") && !text.hasPrefix("[") && Network(text) != nil
        if isBare { return text.contains(":") ? "[\(text)]" : text }
        guard let (host, _) = endpoint(text), !host.contains("/"), Network(host) != nil else { return nil }
        return text
    }

    /// Each of another name.
    static func presets(_ text: String) -> [ImagePreset]? {
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
        let presets = words.compactMap { ImagePreset(String($0)) }
        let isGood =
            presets.count == words.count && Set(presets.map(\.name)).count == words.count
            && !presets.contains { isTaken($0.name) }
        return isGood ? presets : nil
    }

    /// Names that what is made of films, sounds and documents has.
    private static func isTaken(_ name: String) -> Bool {
        ["clean", "hls", "poster", "storyboard", "chapters", "video", "audio", "peaks", "waveform", "text", "document"]
            .contains(name) || ["page-", "captions-", "x-"].contains { name.hasPrefix($0) }
            || name.wholeMatch(of: #/[0-9]+p/#) != nil
    }

    /// Names, each with those of presets.
    static func profiles(_ text: String) -> [(name: String, presets: [String])]? {
        var profiles: [(name: String, presets: [String])] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) where !text.isEmpty {
            let halves = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard halves.count == 2, ImagePreset.isName(halves[0]), halves[0] != ProcessingChoice.none,
                halves[0] != ProcessingChoice.default
            else { return nil }
            let presets = halves[1].split(separator: "+", omittingEmptySubsequences: false).map(String.init)
            guard presets.allSatisfy(ImagePreset.isName) else { return nil }
            profiles.append((halves[0], presets))
        }
        return profiles
    }

    /// Up to sixteen.
    static func arguments(_ text: String) -> [(name: String, value: Int64)]? {
        var arguments: [(name: String, value: Int64)] = []
        for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = pair.split(separator: "=", omittingEmptySubsequences: false)
            guard halves.count == 2, !halves[0].isEmpty, let value = Int64(halves[1]), arguments.count < 16 else {
                return nil
            }
            arguments.append((String(halves[0]), value))
        }
        return arguments
    }

    /// The number that `text` stands for, or nil where the form has none or it is out of range.
    package func number(_ text: String) -> Int64? {
        switch self {
        case .integer(let range): Self.number(text, units: [:], range)
        case .bytes(let range):
            Self.number(text, units: ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40], range)
        case .seconds(let range): Self.number(text, units: ["s": 1, "m": 60, "h": 3600, "d": 86400], range)
        default: nil
        }
    }

    private static func number(_ text: String, units: [Character: Int64], _ range: ClosedRange<Int64>) -> Int64? {
        var digits = text[...]
        var factor: Int64 = 1
        if let last = text.last, let unit = units[last] {
            digits = digits.dropLast()
            factor = unit
        }
        guard let value = Int64(digits), value >= 0 else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        return !overflow && range.contains(product) ? product : nil
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    private static func short(_ bytes: Int64) -> String {
        for (unit, shift) in [("T", 40), ("G", 30), ("M", 20), ("K", 10)] where bytes >= 1 << shift {
            return "\(bytes >> shift)\(unit)"
        }
        return String(bytes)
    }

    private static func isURL(_ text: String) -> Bool {
        for scheme in ["http://", "https://"] where text.hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            return !rest.isEmpty && !rest.hasSuffix("/")
                && rest.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}".utf8.contains($0) }
        }
        return false
    }
}
