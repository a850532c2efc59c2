/// `Upload-Metadata`: pairs of a key and a value in base 64, with commas (tus 1.0, Creation).
package enum UploadMetadata {
    package struct Failure: Error, Equatable {
        package let reason: String
    }

    /// - Returns: the values, by key; the empty text for a key without one.
    package static func parse(_ text: String) throws(Failure) -> [String: String] {
        var values: [String: String] = [:]
        if text.utf8.allSatisfy({ $0 == UInt8(ascii: " ") }) { return values }
        for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = pair.split(separator: " ")
            guard (1...2).contains(words.count) else {
                throw Failure(reason: "must be pairs of a key and a value in base 64, with commas")
            }
            let key = String(words[0])
            guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Failure(reason: "keys must be of visible ASCII characters")
            }
            var value = ""
            if words.count == 2 {
                guard let bytes = Base64URL.decodeStandard(String(words[1])),
                    let text = String(validating: bytes, as: UTF8.self)
                else { throw Failure(reason: "the value of '\(key.prefix(100))' must be UTF-8 in base 64") }
                value = text
            }
            guard values.updateValue(value, forKey: key) == nil else {
                throw Failure(reason: "'\(key.prefix(100))' stands twice")
            }
        }
        return values
    }
}
