import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/.venv/", "benchmarks/envs/", "build/", "dist/", "docs/assets/vendor/"] },
  js.configs.recommended,
  {
    rules: {
      "max-len": ["error", { code: 110 }],
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", 80],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-shadow": "error",
      "no-unused-vars": ["error", { args: "after-used", varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  { files: ["tests/javascript/**"], languageOptions: { globals: globals.nodeBuiltin } },
  { files: ["cnnvis_widgets/**"], languageOptions: { globals: globals.browser } },
];
