// Built by the console's Vite; it imports nothing, so that this folder needs no packages of its own.
const here = import.meta.dirname;

export default {
  root: here,
  build: {
    // Old web views of shopping apps still run it.
    target: "es2018",
    lib: { entry: `${here}/src/index.ts`, formats: ["iife"], name: "queqiaoSdk", fileName: () => "queqiao.js" },
    outDir: `${here}/dist`,
  },
};
