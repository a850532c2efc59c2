extension Configuration {
    /// The effective values as a settings file, secrets hidden.
    package var report: String {
        Setting.allCases.map { setting in
            let value = setting.definition.isSecret && !text(setting).isEmpty ? "(hidden)" : text(setting)
            return "\(setting.name)=\(value)"
        }.joined(separator: "\n")
    }

    /// The table of all settings as Markdown; the README has it.
    package static var table: String {
        let rows = Setting.allCases.map { setting in
            let definition = setting.definition
            let value = definition.defaultText.isEmpty ? "–" : "`\(definition.defaultText)`"
            return "| `\(setting.name)` | \(value) | \(definition.summary) Form: \(definition.form.description). |"
        }
        return (["| Setting | Default | Meaning |", "| --- | --- | --- |"] + rows).joined(separator: "\n")
    }

    /// All settings for a terminal.
    package static var help: String {
        Setting.allCases.map { setting in
            let definition = setting.definition
            let value = definition.defaultText.isEmpty ? "unset" : definition.defaultText
            return
                "  \(setting.name)\n      \(definition.summary)\n      \(definition.form.description); default: \(value)"
        }.joined(separator: "\n")
    }
}
