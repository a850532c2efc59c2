import Crypto
import FoundationEssentials
import MediaCore

/// An event as a webhook's receiver gets it, signed as Standard Webhooks says (https://www.standardwebhooks.com).
struct WebhookMessage {
    /// Bytes of a secret that is made here.
    static let secretBytes = 32

    let id: String
    /// The event as JSON: `{"type": …, "timestamp": …, "data": …}`; the same whenever it is sent.
    let body: [UInt8]

    init(_ event: MediaEvent) {
        self.init(id: event.id, type: event.kind.rawValue, at: event.at, data: event.data)
    }

    /// - Parameter data: JSON.
    init(id: String, type: String, at: Timestamp, data: String) {
        self.id = id
        body = Array(#"{"type":"\#(type)","timestamp":"\#(at.iso8601)","data":\#(data)}"#.utf8)
    }

    /// The header fields of a request that is sent at a moment.
    func fields(_ secrets: [[UInt8]], now: Timestamp) -> [String] {
        let seconds = now.milliseconds / 1000
        let signed = Array("\(id).\(seconds).".utf8) + body
        let signatures = secrets.map { secret in
            "v1,"
                + Data(HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: secret)))
                .base64EncodedString()
        }
        return [
            "Content-Type: application/json", "webhook-id: \(id)", "webhook-timestamp: \(seconds)",
            "webhook-signature: \(signatures.joined(separator: " "))",
            // Without it libcurl asks before it sends a longer body, and waits for the answer.
            "Expect:",
        ]
    }

    /// A secret as receivers are told it.
    static func text(ofSecret secret: [UInt8]) -> String { "whsec_" + Data(secret).base64EncodedString() }
}
