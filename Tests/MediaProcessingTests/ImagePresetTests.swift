import MediaProcessing
import Testing

struct ImagePresetTests {
    @Test(
        "presets are read as they are written",
        arguments: [
            "thumb=160x160:cover:smart", "medium=640", "a-1=640x480", "cover=1280x720:cover:north:q70:watermark",
            "p=100x100:pad:q1",
        ])
    func valid(text: String) throws {
        let preset = try #require(ImagePreset(text))
        #expect("\(preset.name)=\(preset.form)" == text)
    }

    @Test("words come in any order, and mean the same")
    func order() {
        #expect(ImagePreset("a=9x9:q70:smart:cover") == ImagePreset("a=9x9:cover:smart:q70"))
        #expect(ImagePreset("a=9x9:inside:centre")?.form == "9x9")
    }

    @Test(
        "what is no preset",
        arguments: [
            "", "a", "a=", "=640", "A=640", "a=0", "a=8193", "a=640x", "a=x640", "a=640x480x1", "a=640:cover",
            "a=640:q0",
            "a=640:q101", "a=640:unknown", "a=640:", "a=640:q50:q60", "a=9x9:cover:pad", "a=-1", "a=1e2", "ä=640",
        ])
    func invalid(text: String) { #expect(ImagePreset(text) == nil) }
}
