import FoundationEssentials
import MediaCore
import MediaStorage

/// `Content-Digest` and `Repr-Digest` (RFC 9530 §2, §3).
enum DigestField {
    /// A hash that a content has to have.
    struct Expectation: Equatable, Sendable {
        enum Algorithm: String, Sendable {
            case sha256 = "sha-256"
            case sha512 = "sha-512"
        }

        let algorithm: Algorithm
        /// Hexadecimal digits.
        let value: String
        /// The header field that named it.
        let field: String
    }

    /// The expectations a field's value holds: a dictionary of byte sequences (RFC 8941 §3.2). Algorithms that aren't
    /// known here are passed over, as RFC 9530 asks.
    ///
    /// - Throws: 400 where the value isn't such a dictionary.
    static func parse(_ text: String, field: String) throws(Problem) -> [Expectation] {
        var expectations: [Expectation] = []
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = entry.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else { throw malformed(field) }
            let name = halves[0].filter { $0 != " " && $0 != "\t" }
            let value = halves[1].filter { $0 != " " && $0 != "\t" }
            guard value.count >= 2, value.hasPrefix(":"), value.hasSuffix(":"),
                let bytes = Data(base64Encoded: String(value.dropFirst().dropLast()))
            else { throw malformed(field) }
            guard let algorithm = Expectation.Algorithm(rawValue: name) else { continue }
            let size = algorithm == .sha256 ? 32 : 64
            guard bytes.count == size else {
                throw .invalid(field, "\(name) has \(size) bytes, not \(bytes.count)")
            }
            expectations.append(Expectation(algorithm: algorithm, value: Hex.encode(Array(bytes)), field: field))
        }
        return expectations
    }

    private static func malformed(_ field: String) -> Problem {
        .invalid(field, "must be like sha-256=:<base64>: (RFC 9530)")
    }
}

extension [DigestField.Expectation] {
    var needSHA512: Bool { contains { $0.algorithm == .sha512 } }

    /// - Throws: 400 where the content has another hash than expected.
    func check(_ digest: StagedFile.Digest) throws(Problem) {
        for expected in self {
            let actual = expected.algorithm == .sha256 ? digest.sha256 : digest.sha512
            guard actual == expected.value else {
                let reason = "the content has another \(expected.algorithm.rawValue)"
                throw Problem(
                    .digestMismatch, "\(expected.field): \(reason)",
                    errors: [.init(expected.field, reason)])
            }
        }
    }
}
