import { show } from "../page";
show("t-state");
