import MediaCore

/// A message of the platform, as NestJS's transports write it: `{"pattern": …, "data": …, "id": …}`.
struct RPCPacket {
    /// The pattern's name, or the `cmd` of one that is an object.
    let pattern: String
    let data: JSON
    /// What the answer is to carry; nil for an event, which gets none.
    let id: JSON?

    /// How many values a message has at most, where a Buffer's numbers are one.
    static let maxValues = 100_000

    /// The value that a message's text is.
    ///
    /// - Parameter name: how errors name the message.
    static func parse(_ message: [UInt8], as name: String = "message") throws(Problem) -> JSON {
        do {
            return try JSONParser.parse(message, maxDepth: maxDepth, maxValues: maxValues, keepsBytes: true)
        } catch {
            throw .noJSON(name, error)
        }
    }

    /// How deep a packet nests: metadata lies in an array of packets, a packet, its data and what is in these.
    private static let maxDepth = MediaAttributes.metadataDepth + 6

    /// - Throws: 400 for what is no packet.
    init(_ value: JSON) throws(Problem) {
        guard value.object != nil else { throw .invalid("packet", "must be a JSON object, not \(value.kind)") }
        guard let pattern = value["pattern"].flatMap(Self.name) else {
            throw .invalid("pattern", "must be a string, or an object with a string 'cmd'")
        }
        self.pattern = pattern
        data = value["data"] ?? .null
        id = value["id"].flatMap { $0.isNull ? nil : $0 }
        switch id {
        case nil, .string, .integer, .decimal: break
        default: throw .invalid("id", "must be a string or a number")
        }
    }

    /// NestJS sends a pattern that is an object as the JSON text of that.
    private static func name(_ pattern: JSON) -> String? {
        switch pattern {
        case .string(let text):
            guard text.hasPrefix("{"), let object = try? JSONParser.parse(Array(text.utf8)) else { return text }
            return object["cmd"]?.string ?? text
        case .object: return pattern["cmd"]?.string
        default: return nil
        }
    }
}
