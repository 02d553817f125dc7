// Reads a JSON list of Kubernetes objects; writes a JSON list of what is wrong with them.
//
// The models' validate() holds each value against the API's schema; it lets unknown fields pass, as
// the schemas do. The models' types do not: a literal of a type may have only the fields it knows.
"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const ts = require("typescript");

function nameOf(object) {
  return `${object.kind} ${object.metadata?.name}`;
}

function moduleOf(object) {
  return `kubernetes-models/${object.apiVersion}`;
}

function checkValues(object) {
  try {
    const model = require(moduleOf(object))[object.kind];
    if (!model) return [`${nameOf(object)}: ${object.apiVersion} has no such kind`];
    new model(object).validate();
    return [];
  } catch (error) {
    return [`${nameOf(object)}: ${error.message}`];
  }
}

function sourceOf(object) {
  return `import { I${object.kind} } from "${moduleOf(object)}";
export const object: I${object.kind} = ${JSON.stringify(object, null, 1)};
`;
}

function checkFields(objects) {
  const checks = { noEmit: true, strict: true, skipLibCheck: true };
  const options = { ...checks, types: [], lib: ["lib.es2020.d.ts"] };
  const files = new Map(objects.map((object, at) => [join(__dirname, `object-${at}.ts`), object]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => (files.has(file) ? sourceOf(files.get(file)) : readFile(file));
  host.getSourceFile = (file, version, ...rest) =>
    files.has(file)
      ? ts.createSourceFile(file, sourceOf(files.get(file)), version, true)
      : getSourceFile(file, version, ...rest);
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const what = ts.flattenDiagnosticMessageText(messageText, " ");
    return file ? `${nameOf(files.get(file.fileName) ?? {})}: ${what}` : what;
  });
}

const objects = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify([...objects.flatMap(checkValues), ...checkFields(objects)]));
