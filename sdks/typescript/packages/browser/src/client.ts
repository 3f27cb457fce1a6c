// The page's client with a method for each operation. Owns nothing of its own.

import { type Methods, methods } from "./api/methods.js";
import { Page, type PageOptions } from "./page.js";

export interface Vestibule extends Methods {}

/** Make one for the whole page. */
export class Vestibule extends Page {
  constructor(options: PageOptions) {
    super(options);
    Object.assign(this, methods(this.call));
  }
}
