import MediaCore

/// What a request expects of a record: its `If-Match` (RFC 9110 §13.1.1).
enum Precondition: Equatable {
    case none
    /// `*`: that there is one, which each change needs anyway, or one of these entity tags.
    case match([String])

    /// - Parameters:
    ///   - value: the field's, or nil where there is none; who sends an empty one counts on it.
    ///   - field: how messages name it.
    /// - Throws: 400 where it isn't `*` or a list of entity tags.
    init(ifMatch value: String?, field: String = "If-Match") throws(Problem) {
        guard let value, value != "*" else {
            self = .none
            return
        }
        self = .match(try Self.tags(value, field: field))
    }

    /// - Throws: 412 where the record is another one.
    func check(_ media: Media) throws(Problem) {
        guard case .match(let tags) = self, !tags.contains(media.entityTag) else { return }
        throw Problem(
            .preconditionFailed, "The record has been changed since: it is \(media.entityTag) now. Read it again.")
    }

    /// Whether `If-None-Match` names the record (RFC 9110 §13.1.2), which is then not sent again.
    static func isUnchanged(_ media: Media, ifNoneMatch value: String?) throws(Problem) -> Bool {
        guard let value else { return false }
        if value == "*" { return true }
        return try tags(value, field: "If-None-Match").contains {
            $0 == media.entityTag || $0 == "W/\(media.entityTag)"
        }
    }

    /// The entity tags of a list (RFC 9110 §8.8.3); a comma may stand in one.
    private static func tags(_ value: String, field: String) throws(Problem) -> [String] {
        var tags: [String] = []
        var rest = value.utf8[...]
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",") }
            if rest.isEmpty { break }
            let opaque = rest.starts(with: "W/".utf8) ? rest.dropFirst(2) : rest
            guard opaque.first == UInt8(ascii: "\""), let end = opaque.dropFirst().firstIndex(of: UInt8(ascii: "\""))
            else {
                throw malformed(field)
            }
            tags.append(String(decoding: rest[rest.startIndex...end], as: UTF8.self))
            rest = rest[rest.index(after: end)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard rest.first ?? UInt8(ascii: ",") == UInt8(ascii: ",") else { throw malformed(field) }
        }
        guard !tags.isEmpty else { throw malformed(field) }
        return tags
    }

    private static func malformed(_ field: String) -> Problem {
        .invalid(field, "must be '*' or entity tags in quotes, with commas")
    }
}

extension Media {
    /// Changes with every change of the record (RFC 9110 §8.8.3).
    var entityTag: String { "\"\(revision)\"" }
}
