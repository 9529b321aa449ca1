/** Writes the API's types anew from the published document: `npm run api -- http://127.0.0.1:8400`. */
import { writeFileSync } from "node:fs";
import openapi, { astToString } from "openapi-typescript";

const base = process.argv[2] ?? process.env.QUEQIAO_URL ?? "http://127.0.0.1:8400";
const target = new URL("../src/api/published.d.ts", import.meta.url);
writeFileSync(target, astToString(await openapi(new URL("/openapi.json", base))));
console.log(`wrote ${target.pathname}`);
