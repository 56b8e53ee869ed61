const project = (displayName, testMatch, extra = {}) => ({
  displayName,
  rootDir: ".",
  testMatch,
  transform: { "\\.ts$": ["@swc/jest", { jsc: { target: "es2023", parser: { syntax: "typescript" } } }] },
  testPathIgnorePatterns: ["/node_modules/"],
  // Temporary copies of the project have the same package name.
  modulePathIgnorePatterns: ["<rootDir>/.cache/", "<rootDir>/.tap/", "<rootDir>/cdktf.out"],
  globalSetup: "<rootDir>/__tests__/support/global-setup.ts",
  setupFiles: ["<rootDir>/__tests__/support/fixed-seed.ts", "<rootDir>/__tests__/support/quiet-sdk.ts"],
  ...extra,
});

export default {
  // A clock judges no test: what hangs ends, what is slow on a busy machine passes.
  testTimeout: 120_000,
  projects: [
    // Needs Node alone.
    project("unit", [
      "<rootDir>/__tests__/**/*.test.ts",
      "!**/*.terraform.test.ts",
      "!**/*.aws.test.ts",
      "!**/*.e2e.test.ts",
    ]),
    // Needs Terraform, and a provider.
    project("terraform", ["<rootDir>/__tests__/**/*.terraform.test.ts"]),
    // Needs Terraform and Python, for an AWS emulator.
    project("aws", ["<rootDir>/__tests__/**/*.aws.test.ts"]),
    // Needs Python. Whole systems, in one environment that all files share, each with ids of its own.
    project("e2e", ["<rootDir>/__tests__/e2e/*.e2e.test.ts"], {
      globalSetup: "<rootDir>/__tests__/support/local-environment-setup.ts",
      globalTeardown: "<rootDir>/__tests__/support/local-environment-teardown.ts",
    }),
  ],
};
