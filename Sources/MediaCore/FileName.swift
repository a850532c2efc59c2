/// Names of files: what an uploader may call one, and what the service calls it on disk and in URLs.
package enum FileName {
    /// Characters, as in the column `original_name`.
    package static let maxLength = 255

    /// What is wrong with a name that came from outside, or nil.
    package static func fault(in name: String) -> String? {
        if name.isEmpty { return "must not be empty" }
        if name.unicodeScalars.count > maxLength { return "must not be longer than \(maxLength) characters" }
        if name == "." || name == ".." { return "must not be a folder's name" }
        for scalar in name.unicodeScalars {
            if scalar == "/" || scalar == "\\" { return "must not contain path characters ('/' or '\\')" }
            if let fault = TextRules.fault(in: scalar) { return fault }
        }
        return nil
    }

    /// The name without what stands behind its last dot, and that ending in lower case.
    package static func split(_ name: String) -> (stem: String, ending: String?) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex, name.index(after: dot) != name.endIndex else {
            return (name, nil)
        }
        return (String(name[..<dot]), name[name.index(after: dot)...].lowercased())
    }

    /// The last part of a file's public URL: letters, digits, `-` and `_` of the uploader's name, and an extension
    /// that follows the type detected from the bytes. So nginx can't be made to serve what the bytes are not.
    package static func publicName(originalName: String, extension fileExtension: String) -> String {
        var stem = ""
        var bytes = 0
        var pendingDash = false
        for scalar in split(originalName).stem.unicodeScalars {
            guard isKept(scalar) else {
                pendingDash = !stem.isEmpty
                continue
            }
            let size = String(scalar).utf8.count + (pendingDash ? 1 : 0)
            guard bytes + size <= 120 else { break }
            if pendingDash { stem.append("-") }
            stem.unicodeScalars.append(scalar)
            bytes += size
            pendingDash = false
        }
        return "\(stem.isEmpty ? "file" : stem).\(fileExtension)"
    }

    /// A public name that only one content has and nobody can guess who doesn't have that.
    ///
    /// - Parameter sha256: 64 hexadecimal digits.
    package static func marked(_ publicName: String, _ sha256: String) -> String {
        let (stem, ending) = split(publicName)
        return "\(stem)-\(sha256.prefix(16))" + (ending.map { ".\($0)" } ?? "")
    }

    private static func isKept(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .nonspacingMark, .spacingMark:
            true
        default: scalar == "-" || scalar == "_"
        }
    }
}
