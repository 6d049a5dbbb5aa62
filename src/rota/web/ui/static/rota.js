// What pages do beyond links and forms. Everything works without it: each module only makes it nicer.
import { refuseOtherPages } from "./answers.js";
import { keepWhatIsTheirs } from "./keeping.js";
import { listen } from "./keys.js";
import { follow } from "./live.js";
import { filterLogs } from "./logs.js";
import { reachTimes, timeCards } from "./moments.js";
import { selectRows } from "./rows.js";
import { themeButton } from "./theming.js";
import { tellTimes } from "./times.js";

themeButton();
tellTimes();
filterLogs();
selectRows();
listen();
timeCards();
reachTimes();
refuseOtherPages();
keepWhatIsTheirs();
follow(() => { tellTimes(); reachTimes(); filterLogs(); selectRows(); });
