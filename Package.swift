// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of this package is compiled with: a warning is an error, and what a file imports is its own.
let swiftSettings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Targets that wrap a C library also mark every unsafe expression.
let wrapperSettings: [SwiftSetting] = swiftSettings + [.strictMemorySafety()]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "media-service",
    products: [
        .executable(name: "mediad", targets: ["mediad"]),
        .executable(name: "mediad-image", targets: ["mediad-image"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CMariaDB", pkgConfig: "libmariadb", providers: [.apt(["libmariadb-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
        .systemLibrary(name: "CMagic", providers: [.apt(["libmagic-dev"])]),
        .systemLibrary(name: "CVips", pkgConfig: "vips", providers: [.apt(["libvips-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "CMigrations"),

        .target(name: "MediaCore", swiftSettings: swiftSettings),
        .target(name: "MediaHTTP", dependencies: ["CFastCGI", "CLinux", httpTypes], swiftSettings: wrapperSettings),
        .target(
            name: "MediaDatabase", dependencies: ["MediaCore", "CMariaDB", "CMigrations"],
            swiftSettings: wrapperSettings),
        .target(
            name: "MediaStorage", dependencies: ["MediaCore", "CCurl", "CLinux", crypto, cryptoExtras],
            swiftSettings: swiftSettings),
        .target(
            name: "MediaProcessing", dependencies: ["MediaCore", "CMagic", "CLinux"], swiftSettings: wrapperSettings),
        .target(
            name: "MediaMessaging", dependencies: ["MediaCore", "CRabbitMQ", "CLinux"], swiftSettings: wrapperSettings),
        .target(
            name: "MediaService",
            dependencies: [
                "MediaCore", "MediaHTTP", "MediaDatabase", "MediaStorage", "MediaProcessing", "MediaMessaging",
                "CLinux",
                crypto,
                cryptoExtras, httpTypes, logging,
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "mediad-image", dependencies: ["MediaCore", "MediaProcessing", "CVips"],
            swiftSettings: wrapperSettings),
        .executableTarget(
            name: "mediad", dependencies: ["MediaService", "MediaDatabase", "MediaCore", argumentParser],
            swiftSettings: swiftSettings),

        .target(
            name: "MediaTesting", dependencies: ["CLinux", "MediaCore", "MediaDatabase", "MediaStorage"],
            path: "Tests/MediaTesting",
            exclude: ["Samples", "Servers"],
            swiftSettings: swiftSettings),
        .testTarget(name: "MediaCoreTests", dependencies: ["MediaCore"], swiftSettings: swiftSettings),
        .testTarget(
            name: "MediaHTTPTests", dependencies: ["MediaHTTP", "CLinux", httpTypes], swiftSettings: swiftSettings),
        .testTarget(
            name: "MediaStorageTests", dependencies: ["MediaStorage", "MediaCore", "MediaTesting"],
            exclude: ["signing_oracle.py"], swiftSettings: swiftSettings),
        .testTarget(
            name: "MediaMessagingTests", dependencies: ["MediaMessaging"], swiftSettings: swiftSettings),
        .testTarget(
            name: "MediaProcessingTests",
            dependencies: ["MediaProcessing", "MediaCore", "MediaTesting", "mediad-image"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "ProjectTests",
            dependencies: ["MediaDatabase", "MediaService", "MediaCore", "MediaHTTP", "mediad", httpTypes],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "MediaDatabaseTests", dependencies: ["MediaCore", "MediaDatabase", "MediaTesting"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "MediaServiceTests",
            dependencies: [
                "MediaCore", "MediaDatabase", "MediaService", "MediaStorage", "MediaTesting", "mediad",
                crypto,
            ],
            swiftSettings: swiftSettings),
    ]
)
