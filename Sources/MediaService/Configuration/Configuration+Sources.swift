import FoundationEssentials

extension Configuration {
    /// The settings of this process: its environment and, where one is named, a file of `NAME=value` lines.
    ///
    /// - Parameter path: the file; without it the one that `MEDIA_CONFIG_FILE` names, if any.
    package static func load(file path: String?) throws(Failure) -> Configuration {
        let environment = ProcessInfo.processInfo.environment
        let named = environment["MEDIA_CONFIG_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        guard let path = path ?? named else { return try Configuration(environment: environment) }
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw Failure(description: "\(path): the settings file can't be read")
        }
        return try Configuration(environment: environment, file: variables(String(decoding: data, as: UTF8.self), path))
    }

    /// The variables that give another process exactly these settings, whatever has become of the file, and all of this
    /// process that are no settings.
    var processEnvironment: [String] {
        // Those of sd_listen_fds(3) are about this process' descriptors.
        let others = ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("MEDIA_") && !name.hasPrefix("LISTEN_")
        }
        let settings = Setting.allCases.map { ($0.name, text($0)) }
        return (others.map { ($0.key, $0.value) } + settings).map { "\($0)=\($1)" }
    }

    /// Lines as systemd's `EnvironmentFile` has them: `NAME=value`, `#` starts a comment line, quotes around a value go.
    static func variables(_ text: String, _ path: String) throws(Failure) -> [String: String] {
        var variables: [String: String] = [:]
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let content = trimmed(line)
            if content.isEmpty || content.hasPrefix("#") { continue }
            guard let equals = content.firstIndex(of: "=") else {
                throw Failure(description: "\(path), line \(number + 1): not of the form NAME=value")
            }
            let name = trimmed(content[..<equals])
            var value = trimmed(content[content.index(after: equals)...])
            for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
                value = String(value.dropFirst().dropLast())
            }
            guard variables.updateValue(value, forKey: name) == nil else {
                throw Failure(description: "\(path), line \(number + 1): \(name) is set twice")
            }
        }
        return variables
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\r\n" }
        return String(String(text.drop(while: isSpace)).reversed().drop(while: isSpace).reversed())
    }
}
