import MediaCore
import MediaStorage

/// Why an event wasn't delivered.
enum WebhookFault: Equatable {
    /// The receiver doesn't want this one.
    case event
    /// The receiver fails.
    case receiver
    /// The receiver wants fewer at a time.
    case busy
    /// There is no receiver any more.
    case gone

    /// - Returns: nil for an answer that says that the event was taken.
    init?(_ answer: HTTPPoster.Answer) {
        switch answer.status {
        case .some(200..<300): return nil
        case 410: self = .gone
        case 429: self = .busy
        case 503 where answer.retryAfter > 0: self = .busy
        case nil, 408, 425, .some(500...): self = .receiver
        default: self = .event
        }
    }

    /// In words, up to what a column holds. Nothing in it has a terminal do anything.
    static func reason(_ answer: HTTPPoster.Answer) -> String {
        guard let status = answer.status else { return TextRules.prefix(answer.failure ?? "no answer", 500) }
        let words = String(decoding: answer.head, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        let visible = words.joined(separator: " ").unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
                Character("\u{FFFD}")
            default: Character(scalar)
            }
        }
        return TextRules.prefix("answers \(status)\(visible.isEmpty ? "" : ": \(String(visible))")", 500)
    }
}
