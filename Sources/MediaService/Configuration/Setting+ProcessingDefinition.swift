import MediaProcessing

/// The settings of what is made of files.
extension Setting {
    var processingDefinition: Definition {
        switch self {
        case .processing:
            Definition(
                form: .choice(["on", "off"]), defaultText: "on",
                summary:
                    "Whether smaller pictures, renditions and previews are made of new files; they are PROCESSING meanwhile. `mediad work` does it."
            )
        case .processingThreads:
            Definition(
                form: .integer(0...256), defaultText: "1",
                summary: "Files that one `mediad work` processes at the same time; 0: none.")
        case .imagePresets:
            Definition(
                form: .presets,
                defaultText:
                    "thumb=160x160:cover:smart,small=320,medium=640,large=1600,cover=1280x720:cover:smart,avatar=256x256:cover:smart",
                summary: "What is made of each picture; with `:later`, when somebody first asks for it.")
        case .profiles:
            Definition(
                form: .profiles, defaultText: "",
                summary: "What an upload may ask for with `processing` in place of `default`, which is all presets.")
        case .imageFormats:
            Definition(
                form: .words(ImageOrder.Format.allCases.map(\.rawValue)), defaultText: "webp,jpeg",
                summary:
                    "The formats of each of them; a client gets the first that it accepts. `avif` takes long to make.")
        case .imagePixels:
            Definition(
                form: .integer(1...4_000_000_000), defaultText: "200000000",
                summary: "The most pixels of a picture, and a quarter of those of all its frames.")
        case .imageFrames:
            Definition(form: .integer(1...4096), defaultText: "1000", summary: "The most frames of a picture.")
        case .imageWait:
            Definition(
                form: .seconds(0...60), defaultText: "10s",
                summary:
                    "How long a request waits for a picture that is made because of it; 0: none is. Half of a worker's threads may wait."
            )
        case .imageOrders:
            Definition(
                form: .integer(0...1000), defaultText: "20",
                summary: "How many sizes of their own a picture may get, beside those of the presets.")
        case .imageCleaning:
            Definition(
                form: .choice(["on", "off"]), defaultText: "on",
                summary:
                    "Whether others than owner, administrators and services get pictures and films without the place where they were made, serial numbers and the like."
            )
        case .watermark:
            Definition(
                form: .path, defaultText: "", summary: "PNG file that is put on pictures whose preset says `watermark`."
            )
        case .videoTime:
            Definition(
                form: .seconds(1...604_800), defaultText: "12h",
                summary: "The longest film or sound of which something is made.")
        case .videoSides:
            Definition(
                form: .words(["240", "360", "480", "720", "1080"]), defaultText: "240,360,480,720,1080",
                summary: "The renditions of a film, by the pixels of their shorter side; none is larger than the film.")
        case .videoCodecs:
            Definition(
                form: .words(VideoCodec.allCases.map(\.rawValue)), defaultText: "h264",
                summary:
                    "The codecs of renditions beside H.264, which there always is. They are smaller, and take many times as long to make."
            )
        case .audioFormats:
            Definition(
                form: .words(["aac", "opus", "mp3"]), defaultText: "aac",
                summary: "The formats that sounds are made in.")
        case .documentPages:
            Definition(
                form: .integer(0...1000), defaultText: "5",
                summary: "Of how many of a document's first pages pictures are made.")
        case .searchBytes:
            Definition(
                form: .bytes(0...4 << 20), defaultText: "256K",
                summary: "How much of a document's words `search` finds it by.")
        case .sandbox:
            Definition(
                form: .choice(Sandbox.Kind.allCases.map(\.rawValue)), defaultText: "auto",
                summary:
                    "What keeps the programs apart that read users' files: `bubblewrap`, `limits` alone (on memory, time and files), or the former where it works."
            )
        case .toolMemory:
            Definition(
                form: .bytes(128 << 20...1 << 40), defaultText: "2G",
                summary: "How much memory such a program may have.")
        case .toolTime:
            Definition(
                form: .seconds(1...604_800), defaultText: "2h", summary: "How long such a program may take.")
        default: eventDefinition
        }
    }
}
