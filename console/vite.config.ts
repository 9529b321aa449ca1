import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env.QUEQIAO_URL ?? "http://127.0.0.1:8400";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    target: "es2022",
    manifest: true,
    // The budget is kept by `npm run size`, which knows what a first load really fetches.
    chunkSizeWarningLimit: 2000,
    // antd's own parts do nothing on import, but do not say so: of each only what is used is kept.
    rolldownOptions: { treeshake: { moduleSideEffects: [{ test: /node_modules\/@rc-component\//, sideEffects: false }] } },
  },
  server: { proxy: { "/api": backend, "/openapi.json": backend } },
  // A busy machine is no failure.
  test: { include: ["src/**/*.test.{ts,tsx}"], testTimeout: 30_000 },
});
