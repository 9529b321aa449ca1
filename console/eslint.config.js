import { readdirSync } from "node:fs";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Features are strangers to each other; lower layers know nothing of higher ones. */
const FEATURES = readdirSync(new URL("src/features", import.meta.url));
const forbid = (patterns, message) => ({
  "no-restricted-imports": ["error", { patterns: [{ group: patterns, message }] }],
});

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/published.d.ts"] },
  ...tseslint.configs.strict,
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "max-lines": ["error", 400],
      eqeqeq: "error",
      "no-console": "error",
      "no-restricted-globals": ["error", { name: "Date", message: "Ask lib/clock.ts for the time." }],
    },
  },
  { files: ["src/lib/clock.ts", "src/lib/time.ts", "src/**/*.test.ts"], rules: { "no-restricted-globals": "off" } },
  {
    files: ["src/lib/**"],
    rules: forbid(["@/app/*", "@/features/*", "@/components/*", "@/api/*"], "lib lies under everything."),
  },
  {
    files: ["src/api/**"],
    rules: forbid(["@/app/*", "@/features/*", "@/components/*"], "api knows lib only."),
  },
  {
    files: ["src/components/**"],
    rules: forbid(["@/app/*", "@/features/*"], "components know api and lib only."),
  },
  ...FEATURES.map((name) => ({
    files: [`src/features/${name}/**`],
    rules: forbid(
      ["@/app/*", "../*", ...FEATURES.filter((other) => other !== name).map((other) => `@/features/${other}/*`)],
      "Features are strangers to each other.",
    ),
  })),
  { files: ["dev/**", "scripts/**"], languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } } },
);
