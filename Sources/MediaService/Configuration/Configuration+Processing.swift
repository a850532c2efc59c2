import MediaProcessing

extension Configuration {
    /// What is made of each picture.
    var imagePresets: [ImagePreset] { SettingForm.presets(text(.imagePresets)) ?? [] }

    /// What an upload may ask for, by name: the names of presets.
    var profiles: [(name: String, presets: [String])] { SettingForm.profiles(text(.profiles)) ?? [] }

    /// - Parameter profile: as an upload names it; nil where there is none.
    func imagePresets(of profile: String) -> [ImagePreset]? {
        if profile == ProcessingChoice.default { return imagePresets }
        guard let names = profiles.first(where: { $0.name == profile })?.presets else { return nil }
        return imagePresets.filter { names.contains($0.name) }
    }

    var imageFormats: [ImageOrder.Format] { list(.imageFormats).compactMap(ImageOrder.Format.init(rawValue:)) }
}

/// What an upload says of its processing.
enum ProcessingChoice {
    static let none = "none"
    static let `default` = "default"
}
