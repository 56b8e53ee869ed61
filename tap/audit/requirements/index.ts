import type { Requirement } from "../requirement";
import { api01 } from "./api-01";
import { api02 } from "./api-02";
import { api03 } from "./api-03";
import { api04 } from "./api-04";
import { api05 } from "./api-05";
import { api06 } from "./api-06";
import { api07 } from "./api-07";
import { api08 } from "./api-08";
import { api09 } from "./api-09";
import { api10 } from "./api-10";
import { api13 } from "./api-13";
import { api14 } from "./api-14";
import { api16 } from "./api-16";
import { fil01 } from "./fil-01";
import { fil02 } from "./fil-02";
import { fil04 } from "./fil-04";
import { fil05 } from "./fil-05";
import { fil06 } from "./fil-06";
import { fil07 } from "./fil-07";
import { fil08 } from "./fil-08";
import { fil09 } from "./fil-09";
import { plat01 } from "./plat-01";
import { plat03 } from "./plat-03";
import { plat04 } from "./plat-04";
import { plat05 } from "./plat-05";
import { plat06 } from "./plat-06";
import { plat07 } from "./plat-07";
import { plat08 } from "./plat-08";
import { plat09 } from "./plat-09";
import { plat10 } from "./plat-10";
import { plat11 } from "./plat-11";
import { plat12 } from "./plat-12";
import { plat13 } from "./plat-13";
import { plat14 } from "./plat-14";
import { plat15 } from "./plat-15";
import { plat16 } from "./plat-16";
import { plat17 } from "./plat-17";
import { plat18 } from "./plat-18";
import { plat19 } from "./plat-19";
import { plat20 } from "./plat-20";
import { plat22 } from "./plat-22";
import { rec01 } from "./rec-01";
import { rec02 } from "./rec-02";
import { rec03 } from "./rec-03";
import { rec04 } from "./rec-04";
import { rec05 } from "./rec-05";
import { rec07 } from "./rec-07";
import { sec01 } from "./sec-01";
import { sec02 } from "./sec-02";
import { sec03 } from "./sec-03";
import { sec04 } from "./sec-04";
import { sec05 } from "./sec-05";
import { str01 } from "./str-01";
import { str02 } from "./str-02";
import { str04 } from "./str-04";
import { str05 } from "./str-05";
import { str06 } from "./str-06";
import { str07 } from "./str-07";
import { str09 } from "./str-09";

/** Every rule of this folder, by id. */
export const requirements: readonly Requirement[] = [
  api01,
  api02,
  api03,
  api04,
  api05,
  api06,
  api07,
  api08,
  api09,
  api10,
  api13,
  api14,
  api16,
  fil01,
  fil02,
  fil04,
  fil05,
  fil06,
  fil07,
  fil08,
  fil09,
  plat01,
  plat03,
  plat04,
  plat05,
  plat06,
  plat07,
  plat08,
  plat09,
  plat10,
  plat11,
  plat12,
  plat13,
  plat14,
  plat15,
  plat16,
  plat17,
  plat18,
  plat19,
  plat20,
  plat22,
  rec01,
  rec02,
  rec03,
  rec04,
  rec05,
  rec07,
  sec01,
  sec02,
  sec03,
  sec04,
  sec05,
  str01,
  str02,
  str04,
  str05,
  str06,
  str07,
  str09,
];
