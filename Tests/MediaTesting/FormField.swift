/// A part of a form.
package enum FormField: Sendable {
    case text(String, String)
    case file(String, name: String, type: String?, [UInt8])

    /// As curl takes it.
    func arguments(_ folder: TemporaryFolder, _ index: Int) throws -> [String] {
        switch self {
        case .text(let name, let value): return ["--form-string", "\(name)=\(value)"]
        case .file(let field, let name, let type, let bytes):
            let path = try folder.file("part\(index)", bytes)
            let quoted = name.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
            return ["-F", "\(field)=@\(path);filename=\"\(quoted)\"" + (type.map { ";type=\($0)" } ?? "")]
        }
    }
}
