import { expect, it } from "vitest";
import { toCsv } from "./csv";

it("quotes what needs quotes, and nothing else", () => {
  expect(
    toCsv(
      ["a", "b"],
      [
        ["plain", 'say "hi"'],
        ["x,y", "two\nlines"],
        [null, 3],
      ],
    ),
  ).toBe('a,b\r\nplain,"say ""hi"""\r\n"x,y","two\nlines"\r\n,3\r\n');
});

it("never lets a spreadsheet run a text as a formula", () => {
  expect(toCsv(["a"], [["=1+1"], ["@x"], ["-2.5"], ["+note"], ["-note"]])).toBe("a\r\n'=1+1\r\n'@x\r\n-2.5\r\n'+note\r\n'-note\r\n");
});
