// Built by the console's Vite; it imports nothing, so that this folder needs no packages of its own.
// Two files, each by a build of its own: `--mode sdk` is the SDK, `--mode places` the tag of ads.
const here = import.meta.dirname;

const FILES = {
  sdk: { entry: `${here}/src/index.ts`, name: "queqiaoSdk", file: "queqiao.js" },
  places: { entry: `${here}/src/places/index.ts`, name: "queqiaoTag", file: "places.js" },
};

export default ({ mode }) => {
  const { entry, name, file } = FILES[mode] ?? FILES.sdk;
  return {
    root: here,
    build: {
      // Old web views of shopping apps still run it.
      target: "es2018",
      emptyOutDir: false,
      lib: { entry, formats: ["iife"], name, fileName: () => file },
      outDir: `${here}/dist`,
    },
  };
};
